// Written for old Nodes: where no pinned Node fits the platform, the system's runs this file, and says so
// in one line when it is too old.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 14)) {
  console.error(
    `Node ${process.versions.node} is too old and the workspace has none for ${process.platform}-${process.arch}: install Node 22.14 or later.`,
  );
  process.exit(1);
}
