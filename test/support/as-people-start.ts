// What specs start is traced, measured and has faults put into it: Node reads and writes there what it does for people.
delete process.env['NODE_COMPILE_CACHE'];
