package definition

import "time"

// Fallback is what starts an installed service where the operating system's service manager doesn't: `daruma ensure`, run by
// the Task Scheduler or a systemd timer.
type Fallback struct {
	Enabled   *bool         // nil: on Windows yes, on Linux no, where the unit itself suffices
	Every     time.Duration // default 5 minutes; whole seconds, 1 minute to 31 days (what the Task Scheduler takes)
	WakeToRun bool          // a sleeping machine is woken for it, each time
}

const (
	defaultFallback  = 5 * time.Minute
	shortestFallback = time.Minute
	longestFallback  = 31 * 24 * time.Hour
)

func (d *decoder) fallbackFields(f *Fallback) []field {
	return []field{
		{"enabled", func(n *node) {
			on := d.boolean(n)
			f.Enabled = &on
		}},
		{"everySeconds", func(n *node) {
			every, ok := d.seconds(n, true)
			switch {
			case !ok:
			case every < shortestFallback || every > longestFallback || every%time.Second != 0:
				d.fail(n.pos, "must be a whole number of seconds from 60 to 2678400 (31 days), is %s", clip(n.text))
			default:
				f.Every = every
			}
		}},
		{"wakeToRun", func(n *node) { f.WakeToRun = d.boolean(n) }},
	}
}

// Equal reports whether two fallbacks are defined alike.
func (f Fallback) Equal(g Fallback) bool {
	same := f.Enabled == nil && g.Enabled == nil || f.Enabled != nil && g.Enabled != nil && *f.Enabled == *g.Enabled
	return same && f.Every == g.Every && f.WakeToRun == g.WakeToRun
}
