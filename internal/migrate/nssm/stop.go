package nssm

import "strings"

// The bits of AppStopMethodSkip, and what NSSM waits after each method unless told otherwise (nssm.h).
const (
	skipConsole   = 1
	skipWindow    = 2
	skipThreads   = 4
	skipTerminate = 8

	usualWait    = 1500
	hookDeadline = 60000
)

// stopping is AppStopMethodSkip and the waits that go with its methods, and AppKillProcessTree.
func (c *conversion) stopping() {
	skip, skips := c.number("AppStopMethodSkip")
	total, told := uint64(0), skips && skip != 0
	for _, method := range []struct {
		setting string
		bit     uint64
	}{{"AppStopMethodConsole", skipConsole}, {"AppStopMethodWindow", skipWindow}, {"AppStopMethodThreads", skipThreads}} {
		wait, ok := c.number(method.setting)
		if !ok {
			wait = usualWait
		}
		if skip&method.bit == 0 {
			total += wait
			told = told || wait != usualWait
		}
	}
	c.doc.stopSignal = "CTRL_C"
	switch {
	case skip&skipConsole == 0:
	case skip&skipWindow == 0:
		c.doc.stopSignal = "WM_CLOSE"
	case skip&skipThreads == 0:
		c.doc.stopSignal = "WM_CLOSE"
		c.note("AppStopMethodSkip", "left WM_QUIT to the program's threads alone, which daruma doesn't send: its windows get WM_CLOSE instead. Where that doesn't end it, add lifecycle.preStop")
	default:
		c.doc.stopSignal = "SIGKILL"
		c.note("AppStopMethodSkip", "had the program ended without being asked, and so it is here. To let it finish, write stopSignal: CTRL_C and terminationGracePeriodSeconds")
	}
	if skip&skipTerminate != 0 {
		c.note("AppStopMethodSkip", "NSSM never ended a program by force. daruma does, when terminationGracePeriodSeconds is over: make that as long as the program may need")
	}
	if tree, ok := c.number("AppKillProcessTree"); ok && tree == 0 {
		c.note("AppKillProcessTree", "left the program's own children running. With daruma nothing of a program outlives it: make those that must stay services of their own")
	}
	if hook, ok := c.parameters.Sub("AppEvents").Sub("Stop").Value("Pre"); ok && strings.TrimSpace(hook.Text) != "" {
		total, told = total+hookDeadline, true // preStop takes its time from the grace period
	}
	if told {
		c.doc.grace = seconds(total)
	}
}
