// Package ensure starts a service that should run and doesn't: `daruma ensure NAME`, which the Task Scheduler or a systemd timer
// runs every few minutes, at boot, on waking, and when the service manager has seen the service die.
//
// What it promises: a service that somebody stopped stays stopped until the next boot; the service manager's own restart is
// waited for; nothing is changed that wasn't asked for; what was done is left for the service's incident record. What it leaves
// to others: talking to the service manager (service/manager), the record itself (incident), the text on the screen (cli).
//
// # How "stopped on purpose" is known
//
// From the service manager, and from the service's own file (package wanted). Either is enough, since undoing an administrator's stop is
// worse than not starting:
//
//   - SCM: the state is STOPPED with exit code 0. A process that dies leaves 1067, an error of the service its own, a service
//     that wasn't started since boot 1077; `sc stop`, services.msc and `daruma stop` lead to 0.
//   - systemd: the unit is inactive, not failed, and was active since boot.
//   - the file State/wanted, written by the service's own process when it is told to stop, or has completed, and by install
//     where it doesn't start the service. It holds the boot's name and means nothing after the next boot. By it, a stop
//     that had to be ended by force is told from a crash.
package ensure
