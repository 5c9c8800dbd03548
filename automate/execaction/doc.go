// Package execaction provides an [automate.Action] that runs a program without a shell. Each argument is a constant or exactly
// one value of the invocation. The program reads the invocation as JSON from standard input. It gets only the listed variables
// of the environment, and TOCSIN_EXECACTION, which differs in each run.
//
// No process outlives the run of its program. When the context ends, the program is killed. On Unix its process group is killed
// with it, and also when the program ends by itself: a background process that keeps the output open has two seconds to finish, any
// other has none. On Linux the processes that have left the group (setsid) are found by TOCSIN_EXECACTION and killed too, unless
// they cleared their environment or run as another user. To start a service use its manager, such as systemctl or kubectl.
//
// # Errors
//
// Exit status 0 means that the action is done. Status 75, EX_TEMPFAIL of sysexits.h, is a temporary failure: the engine retries
// after 10 seconds. Any other end is final. The output is what the program prints to standard output and standard error; of a
// long output the first and the last 32 KiB are kept.
package execaction
