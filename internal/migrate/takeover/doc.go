// Package takeover makes a running service of another service manager daruma's, or puts everything back as it was.
//
// A call goes through steps: it saves the old service's configuration, stops the service, changes its entry of the service manager,
// starts daruma's, and waits until that is ready. If it isn't in time, all steps are taken back. The journal says how far a call has
// come. So whatever interrupts it, a power cut included, the next call knows whether to finish or to go back, and has what it takes
// to go back exactly. At every moment one of the two services starts at boot.
//
// What it leaves to others: the other service manager's settings (nssm), what installing means (install), flags and texts on the
// screen (cli).
package takeover
