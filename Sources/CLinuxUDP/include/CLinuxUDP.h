#ifndef CLINUXUDP_H
#define CLINUXUDP_H
#endif
