"""What is put into stores: layouts of memory, hostile objects, and generated operations."""
