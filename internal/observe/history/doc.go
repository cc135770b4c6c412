// Package history is what the observer remembers of the services it sees, for the dashboard: samples of processor time and memory over the
// last day, the incidents that the services' records hold, and how available each program was on each of the last 90 days.
//
//	h := history.Open(folder, failed)
//	observer.OnRecord(h.TakeRecord)           // before the first look
//	go h.Run(ctx, observer.Look)              // one look a minute
//	h.Usage("shop", "api")                    // for the charts
//	h.Availability()                          // over 1, 7, 30 and 90 days
//	h.Falls(from, to)                         // for the timeline
//
// Everything that is asked for comes from memory, and what a page needs doesn't grow with the incidents: the days are sums. Memory is bounded
// whatever a hostile supervisor says: [MaxPrograms] programs, 1,000 incidents of a service, 90 days.
//
// # On disk
//
// In its folder there is a file for each day, replaced as a whole, and one for each hour of samples, to which lines are appended. Whoever kills
// the observer, at any write, takes the last minute of samples at most. A day can be reckoned anew from the service's own record as long as that
// goes back to it; the file is for what the record has forgotten. What is broken is passed over. Two observers with one folder harm each other in
// nothing: both write the same sums, and lines that stand side by side.
//
// # Time
//
// Ages are measured by the machine's monotonic clock, and moments shown by the wall clock as it stands when they are shown: where the clock was set back,
// charts and timeline have no hole and nothing lies in the future. Samples are placed on a time line of their own, which goes on across observers and
// boots, and never back. Only the days of the calendar are the wall clock's.
package history
