#pragma once
#include <qrcodegen/qrcodegen.h>

/// The bytes of a buffer that holds any code; the macro is one that Swift can't read.
enum { qrcodegenBufferLength = qrcodegen_BUFFER_LEN_MAX };
