"""Methods whose agents send compressed messages.

compressed_sgd: Compressed SGD, and what all methods with compressed messages share.
econtrol: EControl: one compressed message serves both the estimate h_i and the error e_i.
ef21: EF21, EF21-SGDM and their ideal: the server keeps h_i, workers send compressed
    corrections.
error_feedback: Error feedback (EC, EF14): what a message left out is added to the next one.
"""
