package tree

// Left is what a run left behind: processes that went on when its main process had ended.
type Left struct {
	Count int
	Names []string // of the first of them, maxNames at most; a process that ended meanwhile has none
}

// maxNames bounds the time that the names take.
const maxNames = 16

// add counts one more; name gives what it is called, where that is still of interest.
func (l *Left) add(name func() string) {
	if l.Count++; len(l.Names) >= maxNames {
		return
	}
	if n := name(); n != "" {
		l.Names = append(l.Names, n)
	}
}
