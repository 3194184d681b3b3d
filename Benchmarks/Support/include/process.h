// What the kernel says about a process: the processor time it used and the memory it holds.
#ifndef PROCESS_H
#define PROCESS_H

// Seconds on a processor, user and system, since the process began. Ends the program if there is no such process.
double process_cpu_seconds(int pid);

// Resident memory in KiB.
long process_memory_kib(int pid);

// Seconds on a processor that this program used.
double own_cpu_seconds(void);

// Seconds on a clock that never goes back.
double now_seconds(void);

// Lets the process have as many open files as it may.
void allow_many_files(void);

// Prints a message as printf does, and ends the program with 1.
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
