// Package install makes a definition a service of the operating system, changes it in place when it is installed again, and
// removes it.
//
// [Prepare] reads the definition, works out what the service manager is to be told, and refuses what would hand the service to
// somebody else; it changes nothing. [Installation.Run] then shows what will change, or changes it, in this order: the folders with
// their access, the definition, the service, what belongs beside it (its companions), the record of all that. [Remove] goes the
// other way.
//
// What it leaves to others: speaking to the service manager (service/manager), the rules about who may write what (access), what
// was installed, for ensure and doctor (install/record), flags and texts on the screen (cli).
package install
