// Package eventlog reports events to the Application log of Windows, under an event source that an installer has registered.
//
// An event is its source, an id, a severity and texts. Event Viewer puts the texts into the message that the source's message
// file has for the id, in the place of %1, %2 and so on.
//
// On other systems the package is empty.
package eventlog
