// Command packaging builds the packages of daruma: for Debian, Red Hat, Alpine and Windows, archives for every system, the container image, the
// manifests of winget, Scoop and Chocolatey, a script that installs it, with their sums, signatures and bills of materials.
//
//	go run . -version 1.2.3 -out ../dist
//
// It is a module of its own, and not of the workspace: what it needs is no part of daruma, and must not choose the versions that daruma is
// built with. The same sources are to give the same bytes with the same version of Go.
//
// After a change of daruma's own requirements go mod tidy is to be run here too, with GOWORK=off.
//
// No package runs a script. A package puts files in their places, and nothing else: services belong to daruma install, and a package that
// stopped or started them would take down what it was bought to keep up.
package main
