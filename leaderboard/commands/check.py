def add(command):
    pass


def run(arguments, argv):
    return 2
