// Package selfrestart notes in a Windows service's process that the service asked for its own restart. The Service Control Manager knows no
// restart: who asks for one stops the service and starts it, and a service that asks itself ends between the two. So the start is the last
// thing that its process does.
//
// The note is a variable of the environment, with the process's id in it: what asks (package manager) and what ends the process (package
// service) share nothing else, and a child that inherits it is another process.
package selfrestart
