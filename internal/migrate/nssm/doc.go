// Package nssm turns services of NSSM, the Non-Sucking Service Manager, into definitions of daruma.
//
// NSSM keeps what it was told in the registry, below HKLM\SYSTEM\CurrentControlSet\Services\NAME\Parameters; the service
// control manager keeps its own part one key above. Both come from the registry itself ([Installed], Windows alone) or
// from a file that regedit or reg export has written ([ParseReg], any system), and [Convert] makes a definition of them,
// with a [Remark] for whatever the definition can't say or says in another way.
//
// What a setting means is taken from NSSM's own documentation (https://nssm.cc/usage) and source (registry.cpp,
// service.cpp, hook.cpp of version 2.24-101); docs/nssm.md has the table.
package nssm
