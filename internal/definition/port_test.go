package definition

import (
	"fmt"
	"strings"
	"testing"
)

// A port may come from a variable, so that one setting moves both the program and its probes.
func TestPortFromVariable(t *testing.T) {
	env := func(name string) (string, bool) {
		v, ok := map[string]string{"PORT": "9000", "WORD": "http", "BIG": "65536", "ZERO": "0", "NEGATIVE": "-1", "SIGNED": "+80"}[name]
		return v, ok
	}
	for _, c := range []struct {
		written string
		port    int
		message string
	}{
		{`"${PORT}"`, 9000, ""},
		{`"${UNSET:-8080}"`, 8080, ""},
		{`"${PORT:-8080}"`, 9000, ""},
		{`"1${UNSET:-80}"`, 180, ""},
		{`${PORT}`, 9000, ""},
		{`"${UNSET}"`, 0, "the variable UNSET isn't set"},
		{`"${WORD}"`, 0, "must be a number from 1 to 65535"},
		{`"${BIG}"`, 0, "must be a number from 1 to 65535"},
		{`"${ZERO}"`, 0, "must be a number from 1 to 65535"},
		{`"${NEGATIVE}"`, 0, "must be a number from 1 to 65535"},
		{`"${SIGNED}"`, 0, "must be a number from 1 to 65535"},
		{`"${PORT"`, 0, "has no closing }"},
		{`"8080"`, 0, "remove the quotes"},
		{`http`, 0, "ports have no names here"},
	} {
		for _, kind := range []string{"httpGet", "tcpSocket", "grpc"} {
			src := fmt.Sprintf("name: x\nprograms:\n  p:\n    command: [\"true\"]\n    livenessProbe:\n      %s:\n        port: %s\n", kind, c.written)
			svc, err := Parse([]byte(src), "", env)
			if c.message != "" {
				if err == nil || !strings.Contains(err.Error(), c.message) || strings.Count(err.Error(), "port:") != 1 {
					t.Errorf("%s port %s: %v, want one error with %q", kind, c.written, err, c.message)
				} else if strings.Contains(err.Error(), "65536") {
					t.Errorf("%s port %s: the error shows what is in a variable: %v", kind, c.written, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s port %s: %v", kind, c.written, err)
				continue
			}
			h := svc.Programs[0].LivenessProbe.Handler
			got := 0
			switch {
			case h.HTTPGet != nil:
				got = h.HTTPGet.Port
			case h.TCPSocket != nil:
				got = h.TCPSocket.Port
			case h.GRPC != nil:
				got = h.GRPC.Port
			}
			if got != c.port {
				t.Errorf("%s port %s is %d, want %d", kind, c.written, got, c.port)
			}
		}
	}
}
