package winres

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"unicode/utf16"

	"github.com/daruma-sh/daruma/internal/systemlog"
)

// messageTable is RT_MESSAGETABLE: blocks of consecutive identifiers, then their texts.
// Source: learn.microsoft.com/windows/win32/api/winnt/ns-winnt-message_resource_data and its neighbours.
func messageTable(entries []systemlog.Entry) ([]byte, error) {
	entries = slices.Clone(entries)
	slices.SortFunc(entries, func(a, b systemlog.Entry) int { return cmp.Compare(a.Identifier(), b.Identifier()) })
	type block struct{ low, high, offset uint32 }
	var blocks []block
	var texts []byte
	le := binary.LittleEndian
	for i, e := range entries {
		id := e.Identifier()
		switch {
		case i > 0 && entries[i-1].Identifier() == id:
			return nil, fmt.Errorf("two events have the id %d", e.ID)
		case i > 0 && blocks[len(blocks)-1].high+1 == id:
			blocks[len(blocks)-1].high = id
		default:
			blocks = append(blocks, block{id, id, uint32(len(texts))})
		}
		text := utf16.Encode([]rune(e.Text + "\r\n\x00"))
		if len(text)%2 != 0 {
			text = append(text, 0) // each begins at a multiple of four bytes
		}
		texts = le.AppendUint16(texts, uint16(4+2*len(text)))
		texts = le.AppendUint16(texts, 1) // MESSAGE_RESOURCE_UNICODE
		for _, unit := range text {
			texts = le.AppendUint16(texts, unit)
		}
	}
	table := le.AppendUint32(nil, uint32(len(blocks)))
	begin := uint32(4 + 12*len(blocks))
	for _, b := range blocks {
		table = le.AppendUint32(le.AppendUint32(le.AppendUint32(table, b.low), b.high), begin+b.offset)
	}
	return append(table, texts...), nil
}
