// Package operate starts, stops and restarts an installed service as a whole, and says how the service manager sees it.
//
// An order to all programs of an installed service concerns two: the supervisor, which knows how each program ended, and the
// service manager, which alone can start the service, and which would bring back at the next boot what only its supervisor stopped.
//
// What it leaves to others: orders that the supervisor carries out alone (control), and texts on the screen (cli).
package operate
