package incident

import (
	"cmp"
	"io"
	"slices"

	"github.com/daruma-sh/daruma/internal/safefile"
)

// maxBoots is how many of its own starts a compacted record keeps.
const maxBoots = 100

// compact writes the file anew with the latest incidents; of the others, totals remain. If that fails the file stays as
// it is, and is tried again when it has grown by another quarter.
func (r *Recorder) compact() {
	if err := r.rewrite(); err != nil {
		r.compactAt = r.store.good + r.o.MaxBytes/4
		return
	}
	r.compactAt = max(r.o.MaxBytes, r.store.good+r.o.MaxBytes/4)
}

func (r *Recorder) rewrite() error {
	f, err := safefile.Open(r.path)
	if err != nil {
		return err
	}
	h := newHistory()
	err = h.fold(io.LimitReader(f, r.store.good))
	f.Close()
	if err != nil {
		return err
	}
	h.end = h.last.T
	lines := h.compacted(r.o.Keep, r.o.MaxBytes/2)
	return r.store.replace(func(w io.Writer) (size int64, err error) {
		for _, l := range lines {
			n, err := w.Write(l.bytes())
			size += int64(n)
			if err != nil {
				return size, err
			}
		}
		return size, nil
	})
}

// compacted gives the lines of a shorter record that says the same about the latest incidents, at most keep and
// in at most about room bytes, and about the time since the machine's boot.
func (h *History) compacted(keep int, room int64) []line {
	kept := h.choose(keep, room)
	marks := h.marks[max(0, len(h.marks)-2*keep):]
	begin := h.boundary(kept, marks)
	boots := h.boots[max(0, len(h.boots)-maxBoots):]

	head := line{T: max(begin.T, timeBegins), At: begin.At}
	lines := []line{head.as(lineCut)}
	lines[0].UpTo, lines[0].Lost = h.highest(), h.Lost
	boot := h.machineBoot()
	if first := h.firstStart(); first.T > 0 {
		first.Seq = 0
		lines = append(lines, first) // "since boot" needs it
	}
	for _, p := range h.programs() {
		t := h.sum(p, Window{From: boot.T, To: begin.T}, func(k int) bool { return !kept[k] })
		if h.totalsBoot == boot.Boot {
			t = t.plus(h.totals[p])
		}
		l := head.as(lineTotals)
		l.Program, l.Boot, l.Totals = p, boot.Boot, &t
		lines = append(lines, l)
	}
	for p, mark := range h.marksAt(begin.T) {
		l := head.as(mark.Type)
		l.Program, l.Reason = p, mark.Reason
		lines = append(lines, l)
	}
	return append(lines, h.tail(kept, marks, boots, begin.T)...)
}

// tail gives the lines that stay, in their order and with their numbers.
func (h *History) tail(kept map[int]bool, marks, boots []line, begin Millis) []line {
	var tail []line
	for k := range h.Incidents {
		if kept[k] {
			i := h.Incidents[k]
			tail = append(tail, line{Seq: h.seqs[k], T: max(i.Until, i.DownSince, i.From), At: i.Detected, Type: lineFell, Incident: &i})
		}
	}
	for _, l := range append(slices.Clone(marks), boots...) {
		if l.T > begin && l.Seq > 0 {
			tail = append(tail, l)
		}
	}
	slices.SortFunc(tail, func(a, b line) int { return cmp.Compare(a.Seq, b.Seq) })
	return tail
}

func (l line) as(t lineType) line { l.Type = t; return l }

// choose gives the indices of the incidents to keep: those that are not over, and the latest.
func (h *History) choose(keep int, room int64) map[int]bool {
	kept := map[int]bool{}
	for k := len(h.Incidents) - 1; k >= 0; k-- {
		i := &h.Incidents[k]
		if i.down() {
			kept[k] = true
			continue
		}
		if keep <= 0 {
			continue
		}
		room -= int64(len(line{Type: lineFell, Incident: i}.bytes()))
		if room < 0 {
			keep = 0
			continue
		}
		kept[k], keep = true, keep-1
	}
	return kept
}

// boundary gives the moment before which only totals are known: the end of the last incident that is dropped.
func (h *History) boundary(kept map[int]bool, marks []line) moment {
	begin := moment{T: h.cut, At: h.Since}
	for k, i := range h.Incidents {
		if !kept[k] && i.Until > begin.T {
			begin.T, begin.At = i.Until, i.Detected.Add((i.Until - i.From).Duration())
		}
	}
	if len(marks) < len(h.marks) {
		if last := h.marks[len(h.marks)-len(marks)-1]; last.T > begin.T {
			begin.T, begin.At = last.T, last.At
		}
	}
	return begin
}
