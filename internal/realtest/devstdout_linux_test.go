package realtest

import (
	"strings"
	"testing"
)

// TestOpensItsOutput: nginx, php-fpm and Apache open /dev/stdout and /dev/stderr by name, as the user they run as.
func TestOpensItsOutput(t *testing.T) {
	needRoot(t)
	for _, format := range []string{"text", "json"} {
		s := run(t, folder(t), `
name: real
programs:
  it:
    command: [/bin/sh, -c, 'echo by name >/dev/stdout; echo its errors >/dev/stderr; echo over; exec sleep 1000']
    workingDir: /
    securityContext: {runAsUser: 65534, runAsGroup: 65534}
    logs: {format: `+format+`}
`)
		s.awaitReady("it", 0)
		out := s.awaitLogged("it", "over")
		if format == "json" {
			out += s.awaitLogged("it", "its errors") // of another pipe
		}
		for _, want := range []string{"by name", "its errors"} {
			if !strings.Contains(out, want) {
				t.Errorf("%s: %q isn't in its log: %s", format, want, out)
			}
		}
		s.end()
	}
}
