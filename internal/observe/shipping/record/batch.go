package record

import "github.com/daruma-sh/daruma/internal/logs/logread"

// Batch is encoded records that are sent together.
type Batch struct {
	Raw   []byte // one after the other
	Items []Item
}

// Item is one of them.
type Item struct {
	Source     *Source
	At         logread.Position
	Start, End int // in Raw
	Lines      int
	Text       int // bytes of its text
}

// Add appends a record as encode appends it.
func (b *Batch) Add(r *Record, encode func([]byte, *Record) []byte) {
	start := len(b.Raw)
	b.Raw = encode(b.Raw, r)
	b.Items = append(b.Items, Item{r.Source, r.At, start, len(b.Raw), r.Lines, len(r.Text)})
}

// Part is the bytes of the items where they stand in Raw as they are given here, one after the other; false: they don't.
func (b *Batch) Part(items []Item) ([]byte, bool) {
	for i := 1; i < len(items); i++ {
		if items[i].Start != items[i-1].End {
			return nil, false
		}
	}
	if len(items) == 0 {
		return nil, true
	}
	return b.Raw[items[0].Start:items[len(items)-1].End], true
}

// Append appends the bytes of the items.
func (b *Batch) Append(dst []byte, items []Item) []byte {
	for _, item := range items {
		dst = append(dst, b.Raw[item.Start:item.End]...)
	}
	return dst
}

// Reset empties the batch, and keeps its memory unless that is more than most bytes.
func (b *Batch) Reset(most int) {
	b.Raw, b.Items = b.Raw[:0], b.Items[:0]
	if cap(b.Raw) > most {
		b.Raw = nil
	}
}

// Verdict is what a receiver says of a record.
type Verdict int

// The verdicts.
const (
	Taken   Verdict = iota // it has it, from now or from before
	Later                  // it can't take it now
	Refused                // it doesn't take it, whenever it is sent
)
