// Package observe is the observer: a process of its own that looks at the services of this machine from outside.
//
// It is a client of their control sockets and holds no right over a program. It sees the services whose socket lets it in. Where it dies,
// hangs or is attacked, nothing that runs notices: it asks for a status with a bound on the time and never for anything else.
package observe
