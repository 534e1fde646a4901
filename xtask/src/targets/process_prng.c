/* Rust's standard library takes random bytes from bcryptprimitives.dll, which wine 8 does not have.
 * This is that library for tests: the one function, over the older one that wine has. */
#include <windows.h>

BOOLEAN WINAPI SystemFunction036(PVOID bytes, ULONG length);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T length)
{
    return SystemFunction036(bytes, (ULONG)length);
}
