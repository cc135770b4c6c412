// Package hosting is what stands around the keeper in its process: under the operating system's service manager, where package
// service speaks with that, and in a terminal.
//
// It turns what the service manager asks into calls of the keeper's handle, and what the keeper says into the service's state,
// its status text and its exit code. It says how the service manager has to call it; package install writes that down.
//
// What it leaves to others: everything about programs (keeper, supervisor), and the definition, which this process never reads.
package hosting
