package signals

import (
	"testing"

	"github.com/daruma-sh/daruma/internal/keeper"
)

func TestSignalNumbers(t *testing.T) {
	for name, want := range map[string]int{
		"": keeper.SignalCtrlC, "SIGTERM": keeper.SignalCtrlC, "SIGINT": keeper.SignalCtrlC, "CTRL_C": keeper.SignalCtrlC,
		"CTRL_BREAK": keeper.SignalBreak, "SIGQUIT": keeper.SignalBreak, "WM_CLOSE": keeper.SignalClose, "SIGKILL": keeper.SignalKill,
	} {
		if got := Number(name); got != want {
			t.Errorf("%s is %d, want %d", name, got, want)
		}
	}
}
