"""Read and write the files and arrays of other tools, exactly or not at all."""
