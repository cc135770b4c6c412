package record

import (
	"slices"
	"testing"
)

// TestPart: items that follow one another are a part of the batch as they are, and all others are put together.
func TestPart(t *testing.T) {
	var b Batch
	for _, text := range []string{"a", "bb", "ccc"} {
		b.Add(&Record{Text: []byte(text)}, func(dst []byte, r *Record) []byte { return append(dst, r.Text...) })
	}
	for _, c := range []struct {
		items []int
		want  string
		part  bool
	}{{[]int{0, 1, 2}, "abbccc", true}, {[]int{1, 2}, "bbccc", true}, {[]int{0, 2}, "accc", false}, {[]int{2, 0}, "ccca", false}, {nil, "", true}} {
		var items []Item
		for _, i := range c.items {
			items = append(items, b.Items[i])
		}
		part, ok := b.Part(items)
		if ok != c.part || ok && string(part) != c.want || !slices.Equal(b.Append(nil, items), []byte(c.want)) {
			t.Errorf("%v: %q, %v", c.items, part, ok)
		}
	}
}
