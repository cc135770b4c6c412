package keeper

// heldUp is never asked: a start on Windows is over when CreateProcess returns.
func (*run) heldUp(string, bool) func() (string, bool) {
	return func() (string, bool) { return "", false }
}

func (l *launchable) executable() string { return l.plan.Path }
