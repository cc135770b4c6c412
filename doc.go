// Package daruma turns one function into a Windows service, a systemd notify service, a container's main process and a
// program in a terminal.
package daruma
