package install

// fallbackByDefault: a unit of systemd restarts for ever, after failed starts too (Restart=, StartLimitIntervalSec=0); the timer is
// for who asks.
const fallbackByDefault = false

// checkTaskFolder: systemd's folders are root's.
func checkTaskFolder() error { return nil }
