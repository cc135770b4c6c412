// Package logread reads logs: the lines of one program or of several in the order of time, across rotated and compressed files, to the
// end or following what comes. It only reads: it needs no right but that to read the folder, and never keeps whoever writes waiting.
package logread
