// Package architecture holds the rules of the house as tests: what may import what, how long a file may be, where state
// may live. It has no code of its own; CONTRIBUTING.md says the same rules in prose.
package architecture
