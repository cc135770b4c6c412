// Package engine is the pure core of daruma: what a supervisor decides, without doing any of it.
//
// [Service.Step] takes one [Event] and returns the [Effect]s it leads to. It reads no clock, starts nothing,
// never blocks and allocates little: the time is an argument of Step, randomness comes from a seed. The same events give
// the same effects.
//
// A program is in exactly one [State]; what it is doing there is data of that state. Four facts are kept apart:
// wanted (what the user asked for), the state (what is), ready and healthy (what the probes say).
//
// Every run of a program has a generation. Events carry the generation they belong to, timers a serial number; one that belongs
// to the past is dropped in one place, [Service.Step], and nowhere else.
package engine
