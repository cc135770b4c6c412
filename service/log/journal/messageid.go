package journal

import (
	"encoding/hex"
	"hash/fnv"
	"strconv"
)

// MessageID makes the MESSAGE_ID of entries of the program name with this event id: 128 bits as 32 hexadecimal digits, the
// same on every machine and in every version. Source: systemd.journal-fields(7), which wants one id for one type of message.
func MessageID(name string, event int) string {
	h := fnv.New128a()
	_, _ = h.Write([]byte("github.com/daruma-sh/daruma\x00" + name + "\x00" + strconv.Itoa(event)))
	id := h.Sum(nil)
	id[6] = id[6]&0x0f | 0x80 // UUID version 8, "custom", and its variant: RFC 9562
	id[8] = id[8]&0x3f | 0x80
	return hex.EncodeToString(id)
}
