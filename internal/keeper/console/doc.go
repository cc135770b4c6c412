// Package console sends stop signals on Windows, from a short-lived process of its own.
//
// Ctrl+C goes to a whole console, and only from a process that is attached to it. The keeper can't attach to a program's console: where it
// runs in a terminal it has a console already, of which a process has but one; and it would get the signal too.
package console
