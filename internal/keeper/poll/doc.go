// Package poll is what a keeper's loop sleeps in: it waits for processes, sockets and whatever other goroutines post, and calls a function
// for each, always from the loop.
package poll
