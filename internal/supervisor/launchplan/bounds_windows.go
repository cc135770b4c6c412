package launchplan

// boundsOf: Windows has no rlimits, and resources.limits are a job object's, which anybody may set.
func boundsOf(int) Bounds { return Bounds{} }

func settingOf(rlimit string) string { return rlimit }
