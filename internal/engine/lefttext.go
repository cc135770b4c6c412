package engine

import (
	"fmt"
	"strings"
)

// leftText says of a run that ended with exit code 0 what went on without it. Such a program looks as if it ended again and again, or had done
// its work: it starts what it is there for in the background (a daemon, a launcher), and nothing of a run outlives it.
func (e Exit) leftText() string {
	if !e.Orphans || e.Code != 0 || e.Signal != 0 {
		return ""
	}
	what := "processes that it had started went on and were ended"
	switch e.LeftAll {
	case 0:
	case 1:
		what = "1 process that it had started went on and was ended"
	default:
		what = fmt.Sprintf("%d processes that it had started went on and were ended", e.LeftAll)
	}
	if names := e.leftNames(); names != "" {
		what += " (" + names + ")"
	}
	return ", but " + what + ": have it stay in the foreground, by an option of its own, or name what it starts as the command"
}

// leftNames gives each name once, with its number, in the order of their first.
func (e Exit) leftNames() string {
	count := map[string]int{}
	var names []string
	for _, name := range e.Left {
		if count[name]++; count[name] == 1 {
			names = append(names, name)
		}
	}
	for i, name := range names {
		if n := count[name]; n > 1 {
			names[i] = fmt.Sprintf("%d × %s", n, name)
		}
	}
	if len(e.Left) < e.LeftAll && len(names) > 0 {
		names = append(names, "…")
	}
	return strings.Join(names, ", ")
}
