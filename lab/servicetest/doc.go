// Package servicetest has the tests of the module service/ that need machines of their own: boots, power cuts, a real journal. The
// module can't have them itself, because the lab would become a requirement of all its users.
package servicetest
