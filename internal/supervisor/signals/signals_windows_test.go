package signals

import (
	"testing"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
)

func TestSignalNumbers(t *testing.T) {
	for name, want := range map[string]int{
		"": wire.SignalCtrlC, "SIGTERM": wire.SignalCtrlC, "SIGINT": wire.SignalCtrlC, "CTRL_C": wire.SignalCtrlC,
		"CTRL_BREAK": wire.SignalBreak, "SIGQUIT": wire.SignalBreak, "WM_CLOSE": wire.SignalClose, "SIGKILL": wire.SignalKill,
	} {
		if got := Number(name); got != want {
			t.Errorf("%s is %d, want %d", name, got, want)
		}
	}
}
