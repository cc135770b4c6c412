package supervisor

import (
	"time"

	"github.com/daruma-sh/daruma/internal/incident"
)

// ensured records what `daruma ensure` did from outside: that the service was down, why, and that it was started.
func (s *supervisor) ensured() {
	o, ok := incident.TakeOutside(s.place.Config, s.place.State)
	if !ok {
		return
	}
	ago := max(time.Since(o.Since), 0)
	s.log.Warn("daruma ensure started the service", "cause", o.Cause, "attempts", o.Attempts, "since", o.Since)
	s.scribe.write(func(r *incident.Recorder, late time.Duration) {
		r.Fell(incident.Fall{Kind: incident.Keeper, Cause: o.Cause, Ago: ago + late})
		r.Acted(incident.Action{What: o.Action, Ago: max(time.Since(o.At), 0)})
		r.Recovered(incident.Recovery{Ago: late})
	})
}
