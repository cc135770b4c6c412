package supervisor

import (
	"fmt"
	"testing"

	"github.com/daruma-sh/daruma/internal/engine"
)

// TestGrantsFirst: restart grants are taken out, and nothing else changes its place.
func TestGrantsFirst(t *testing.T) {
	grants, rest := grantsFirst([]engine.Effect{
		engine.Spawn{Program: "new"},
		engine.SetRestartGrant{Program: "changed"},
		engine.StopProbes{Program: "changed"},
		engine.SetRestartGrant{Program: "new"}, // the grant of its Spawn isn't to replace this one
		engine.SetRestartGrant{Program: "updated", Grant: engine.RestartGrant{Count: 3}},
	})
	show := func(list []engine.Effect) (text string) {
		for _, e := range list {
			text += fmt.Sprintf("%T %s; ", e, programOf(e))
		}
		return text
	}
	if got, want := show(grants), "engine.SetRestartGrant changed; engine.SetRestartGrant updated; "; got != want {
		t.Errorf("first %s\nwant  %s", got, want)
	}
	if got, want := show(rest), "engine.Spawn new; engine.StopProbes ; engine.SetRestartGrant new; "; got != want {
		t.Errorf("then %s\nwant %s", got, want)
	}
}
