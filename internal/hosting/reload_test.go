package hosting

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/control"
)

func TestOutcomeOfAReload(t *testing.T) {
	refused := &control.APIError{Status: 422, Problem: control.Problem{Errors: []string{"daruma.yaml:7:5: programs.b: unknown\x1b[2J", "second"}}}
	for _, c := range []struct {
		err   error
		code  int
		words []string
	}{
		{nil, 0, nil},
		{fmt.Errorf("asking: %w", refused), 95, []string{"daruma.yaml:7:5:", "second\n", "the old one stays in force"}},
		{fmt.Errorf("asking: %w", context.DeadlineExceeded), 1, []string{"hasn't answered", "daruma status shop"}},
		{errors.New("service shop is not running"), 1, []string{"shop is not running"}},
	} {
		var said strings.Builder
		if code := reloadOutcome("shop", c.err, &said); code != c.code {
			t.Errorf("%v: exit code %d, want %d", c.err, code, c.code)
		}
		for _, word := range c.words {
			if !strings.Contains(said.String(), word) {
				t.Errorf("%v: it says %q, want %q", c.err, said.String(), word)
			}
		}
		if (said.Len() == 0) != (c.err == nil) || strings.Contains(said.String(), "\x1b") {
			t.Errorf("%v: it says %q", c.err, said.String())
		}
	}
}
