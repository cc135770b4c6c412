// Package stdio answers what a service must know of its standard streams before it writes to them: whether a terminal shows
// them, whether that terminal takes colours, and how to write to a stream whose reader may be gone.
package stdio
