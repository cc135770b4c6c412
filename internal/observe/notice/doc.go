// Package notice decides what people are told about a service, and says it in their language.
//
// [State] is what is remembered of one service. It takes in the incident record and the events, and gives notices when they are due:
//
//	state.TakeIncidents(history.Incidents, now)
//	state.TakeEvent(event, now)
//	notices := state.Due(now)      // to be stored together with state
//	wait until state.Next(now)
//
// # What is told
//
//   - An incident has at most two messages: that a program fell, and that it stands again or was given up. A crash loop is one incident
//     (see package incident), so 10,000 falls are two messages.
//   - Nothing is told of a fall in its first [Hold], unless it is the third of its incident or the program was given up. Most falls are
//     over by then.
//   - "Stands again" is told when it has stood for [Settle], which is longer than the time in which a further fall belongs to the same
//     incident.
//   - A fall that was over before anything was told of it is brief. The first brief fall of a program is one message. Further ones within
//     [BriefEvery] are counted and told in one: people who get a message for every restart of some milliseconds stop reading them, and
//     people who get none don't see a program that falls twice a day.
//   - What is told of several programs of a service at the same moment is one message.
//   - What was over before the service was first seen isn't told.
//
// Durations count by the monotonic clock while this process lives. The wall clock, which may be set, can only make a message come earlier.
package notice
