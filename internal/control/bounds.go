package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Who answers is a process of the service's account, and who asks may be root: nothing that it sends, or doesn't, may cost the client
// more than this.
const (
	maxHead   = 64 << 10 // bytes of an answer's header
	maxAnswer = 16 << 20 // bytes of what follows it; 500 programs with all their probes take 1 MiB
	maxEvent  = 1 << 20  // bytes of an event in a stream

	// maxValues bounds the values in an answer. An empty program is two bytes of JSON and some 500 bytes in memory.
	maxValues = 200_000

	connectTimeout = 5 * time.Second // for a listener whose queue is full
)

// errTooLong is the error of an answer that is longer than allowed.
var errTooLong = errors.New("the answer is longer than any of daruma's")

// allowance is a reader that gives an error after so many bytes.
type allowance struct {
	r    io.Reader
	left int64
}

// Read reads from r.
func (a *allowance) Read(p []byte) (int, error) {
	if a.left <= 0 {
		return 0, errTooLong
	}
	n, err := a.r.Read(p[:min(int64(len(p)), a.left)])
	a.left -= int64(n)
	return n, err
}

// decodeAnswer decodes a whole answer into v.
func decodeAnswer(r io.Reader, v any) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if n := bytes.Count(text, []byte{','}); n > maxValues {
		return fmt.Errorf("%w: it has %d values", errTooLong, n)
	}
	return json.Unmarshal(text, v)
}
