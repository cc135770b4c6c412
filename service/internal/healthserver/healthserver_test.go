package healthserver

import (
	"strings"
	"testing"
)

func FuzzReadRequest(f *testing.F) {
	f.Add([]byte("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"))
	f.Add([]byte("GET / HTTP/1.1\n\n"))
	f.Add([]byte(strings.Repeat("A", MaxRequest+1)))
	f.Fuzz(func(t *testing.T, in []byte) {
		method, target, err := readRequest(strings.NewReader(string(in)))
		if err == nil && (!strings.HasPrefix(target, "/") || strings.ContainsAny(method+target, " \n")) {
			t.Errorf("%q: %q, %q", in, method, target)
		}
	})
}
