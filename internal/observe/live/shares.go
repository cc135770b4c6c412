package live

import "time"

// shortest is how long two looks are apart at least for a share to say something: an event may come any moment.
const shortest = 900 * time.Millisecond

// Shares is what part of one processor each program uses. Nobody changes it; the zero value knows nothing.
type Shares struct{ of map[programName]used }

type programName struct{ service, program string }

// used is what a program had used of the processor at a time, and what share of one it used until then.
type used struct {
	generation int
	seconds    float64
	at         time.Time
	share      float64
}

// Next gives the shares after another look.
func (s Shares) Next(services []Seen) Shares {
	now := map[programName]used{}
	for i := range services {
		seen := &services[i]
		for j := range seen.Status.Programs {
			p := &seen.Status.Programs[j]
			name := programName{seen.Service, p.Name}
			u := used{p.Generation, p.CPUSeconds, seen.Heard, -1}
			old, known := s.of[name]
			switch between := seen.Heard.Sub(old.at); {
			case !known || old.generation != p.Generation || p.CPUSeconds < old.seconds:
			case between < shortest:
				u = old
			default:
				u.share = (p.CPUSeconds - old.seconds) / between.Seconds()
			}
			now[name] = u
		}
	}
	return Shares{now}
}

// Of is the share that a program used between the last two looks: 1 is all of one processor, 2 all of two. Below 0: not known, for a run that
// was seen once.
func (s Shares) Of(service, program string) float64 {
	if u, ok := s.of[programName{service, program}]; ok {
		return u.share
	}
	return -1
}
