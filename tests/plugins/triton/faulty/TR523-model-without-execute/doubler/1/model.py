class TritonPythonModel:
    def initialize(self, args):
        self.name = args["model_name"]
