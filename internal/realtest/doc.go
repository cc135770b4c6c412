// Package realtest holds up programs that nobody here wrote, nginx, redis-server and Python's http.server, with the real
// daruma binary, and lets them fall in the ways they fall in the field. It has tests only.
//
// A program that isn't installed is a skip that names it; with DARUMA_CI set it is a failure.
package realtest
