// Package wire is the protocol between a keeper and its supervisor: messages in frames, over one socket pair (Linux) or two pipes
// (Windows) that the keeper makes for each supervisor. It knows nothing of what either side does with a message.
//
// The supervisor's end is [Link]. The keeper, whose loop must never wait, reads and writes by itself, with [NextFrame] and
// [AppendFrame]. File descriptors and handles travel from the keeper to the supervisor only.
//
// To add a message: its type in messages.go, its fields in fields.go, one line in kinds.go.
package wire
